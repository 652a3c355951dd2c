mkdir -p "$FOLDER"
echo "from worker $NODE_APP_INSTANCE" > "$FOLDER/$NODE_APP_INSTANCE"
echo "worker $NODE_APP_INSTANCE works"
exec sleep infinity
