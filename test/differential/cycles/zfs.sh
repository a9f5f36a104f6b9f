#!/bin/sh
# Stands in for `zfs` and `zpool` in the guest; the real ones lie beside it. Writes down every command. What
# /run/cycle/fault says, `VERB NTH KIND HOW WORDS…` between tabs, happens at the command of that number, from 0, with
# that verb.
state=/run/cycle
IFS='	'
printf '%s\n' "$$	$*" >>$state/commands
[ -s $state/fault ] || exec "$0.real" "$@"
read -r verb nth kind how words <$state/fault
[ "$1" = "$verb" ] || exec "$0.real" "$@"
number=0
while read -r pid word _; do
  [ "$pid" = $$ ] && break
  [ "$word" = "$verb" ] && number=$((number + 1))
done <$state/commands
[ $number = "$nth" ] || exec "$0.real" "$@"
: >$state/fault

case $kind in
  kill-owner | kill-everybody)
    [ "$how" = before ] || "$0.real" "$@"
    if [ $kind = kill-owner ]; then kill -KILL $PPID; else pkill -KILL -x zrepl; fi
    kill -KILL $$
    ;;
  fail)
    [ "$how" = instead ] || "$0.real" "$@"
    echo 'zfs: a complaint nobody has ever seen' >&2
    exit 1
    ;;
  abort)
    [ "$how" = instead ] || "$0.real" "$@"
    echo 'internal error: Invalid exchange' >&2
    kill -ABRT $$
    ;;
  die)
    "$0.real" "$@" >$state/stream
    length=400
    [ "$how" = first-record ] || length=$(($(stat -c %s $state/stream) * 6 / 10))
    head -c $length $state/stream
    kill -KILL $$
    ;;
  foreign)
    # Between tabs, so that it is split into its words.
    "$0.real" $words
    exec "$0.real" "$@"
    ;;
esac
