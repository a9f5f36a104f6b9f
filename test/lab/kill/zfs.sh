#!/bin/sh
# Stands in for `zfs` in the guest; the real one lies beside it. When /run/kill/at says `VICTIM NUMBER`, the command of
# that number becomes the moment of a kill: see cycles.sh. Starts no program of its own before that moment.
state=/run/kill
[ -s $state/at ] || exec "$0.real" "$@"
read -r victim number <$state/at
case $victim:$1 in
  amid:send | amid:receive) ;;
  amid:*) exec "$0.real" "$@" ;;
esac

# Commands run beside each other: lines are appended as a whole, so each finds a number of its own.
echo $$ >>$state/started
own=0
while read -r pid; do
  own=$((own + 1))
  [ "$pid" = $$ ] && break
done <$state/started
[ $own = "$number" ] || exec "$0.real" "$@"
: >$state/at
echo "$*" >$state/command

# Runs the real one with its stream through a pipe of ours, and kills it when half of the stream has passed.
amid() {
  pipe=$state/pipe
  rm -f $pipe
  mkfifo $pipe
  if [ "$1" = send ]; then
    "$0.real" "$@" >$pipe &
    head -c 100000 <$pipe
  else
    "$0.real" "$@" <$pipe &
    head -c 100000 >$pipe
  fi
  kill -KILL $!
}

case $victim in
  active) pkill -KILL -f 'zrepl replicate' ;;
  stdinserver) pkill -KILL -f 'zrepl stdinserver' ;;
  ssh) pkill -KILL -x ssh ;;
  before) ;;
  after) "$0.real" "$@" ;;
  amid) amid "$@" ;;
esac
kill -KILL $$
