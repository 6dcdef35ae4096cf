#!/bin/sh
# Starts tidewaiter with the Node.js beside it, also through links.
program=$0
while [ -L "$program" ]; do
  target=$(readlink "$program")
  case $target in
    /*) program=$target ;;
    *) program=$(dirname "$program")/$target ;;
  esac
done
lib=$(CDPATH= cd -P "$(dirname "$program")/../lib" && pwd) || exit 2
case ${0##*/} in
  kubectl-tidewaiter | kubectl_complete-tidewaiter) name=${0##*/} ;;
  *) name=${program##*/} ;;
esac
exec "$lib/node" "$lib/$name.js" "$@"
