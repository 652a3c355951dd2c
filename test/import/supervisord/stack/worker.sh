until redis-cli sadd workers "$1"; do sleep 0.1; done
echo "worker $1 takes from $QUEUE"
exec sleep infinity
