<?php
$redis = stream_socket_client('tcp://127.0.0.1:6379', timeout: 2);
fwrite($redis, "SCARD workers\r\n");
echo 'for ', trim(fgets($redis), ":\r\n"), " workers\n";
