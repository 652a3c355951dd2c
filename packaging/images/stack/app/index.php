<?php
/* Greets, and counts its visits: in postgres for good, and in redis for as long as that lives. */
header('Content-Type: text/plain');

try {
	$visits = visit();
	$recent = ask('INCR visits');
	echo "hello from postgres, visit $visits", $recent === null ? '' : ", recently $recent", "\n";
} catch (PDOException $problem) {
	http_response_code(503);
	echo $problem->getMessage(), "\n";
}

function visit(): int {
	$database = new PDO('pgsql:dbname=app', options: [PDO::ATTR_TIMEOUT => 2]);
	return $database->query('update visits set count = count + 1 returning count')->fetchColumn();
}

/* The number that redis replies, in its own protocol (RESP); null where it gives none. */
function ask(string $command): ?int {
	$redis = @stream_socket_client('tcp://127.0.0.1:6379', timeout: 2);
	if (!$redis) return null;
	fwrite($redis, "$command\r\n");
	$reply = fgets($redis) ?: '';
	return str_starts_with($reply, ':') ? (int) substr($reply, 1) : null;
}
