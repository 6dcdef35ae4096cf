#!/bin/sh
# Runs each command of the image once, with the flag of its entry point, so that Node writes its compile cache. The Dockerfile copies and runs this file.
set -eu

node --no-maglev dist/main.js --help > /dev/null
printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: "nginx:1.27"}]}\n' | node --no-maglev dist/main.js check - > /dev/null

# A free port, because some builds (buildah --isolation chroot) share the network of the machine.
port=$(node -e "net.createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port); this.close(); })")
node --no-maglev dist/main.js serve --listen 127.0.0.1:0 --operations-port "$port" --certs-dir /tmp/certs &
server=$!
until node -e "fetch('http://127.0.0.1:$port/readyz').then(({ok}) => process.exit(ok ? 0 : 1), () => process.exit(1))"; do
  kill -0 "$server"
  sleep 0.2
done
kill -TERM "$server"
wait "$server"

chmod -R a+rX "$NODE_COMPILE_CACHE"
