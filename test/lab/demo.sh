#!/bin/sh
# Runs in the lab's virtual machine; started by `npm run demo`.
set -eu

say() { printf '\n== %s\n' "$*"; }
holds() { zfs list -H -t snapshot -o name -r "$1" | while IFS= read -r snapshot; do zfs holds -H "$snapshot"; done; }
show() { printf '\n$ %s\n' "$*"; "$@"; }

exec 2>&1
cd /root

say "two pools: tank has the data, vault is for the backups"
truncate -s 1G /pool/tank /pool/vault
zpool create -O mountpoint=/mnt/tank tank /pool/tank
zpool create -O mountpoint=/mnt/vault vault /pool/vault
zfs create tank/home
zfs create tank/home/alice
zfs create -V 16M tank/home/disk
zfs create vault/backups
head -c 3000000 /dev/urandom >/mnt/tank/home/alice/photo
show zfs list -o name,used,refer

say "the receiver lets one key in, as one client, for one purpose"
ssh-keygen -q -t ed25519 -N '' -f .ssh/id_zrepl
echo "command=\"/usr/local/bin/zrepl stdinserver laptop --config /root/zrepl.yml\",restrict $(cat .ssh/id_zrepl.pub)" >>.ssh/authorized_keys
ssh-keyscan -t ed25519 127.0.0.1 >.ssh/known_hosts 2>/dev/null
tail -n 1 .ssh/authorized_keys | cut -c1-110

say "the configuration: a push job and the sink it pushes to"
cat >zrepl.yml <<'CONFIG'
jobs:
  - name: offsite
    type: push
    connect:
      type: ssh+stdinserver
      host: 127.0.0.1
      user: root
      port: 22
      identity_file: /root/.ssh/id_zrepl
    filesystems:
      "tank/home<": true
    snapshotting:
      type: periodic
      prefix: zrepl_
      interval: 1s
    pruning:
      keep_sender:
        - type: not_replicated
        - type: last_n
          count: 2
      keep_receiver:
        - type: grid
          grid: 1x1h(keep=all) | 24x1h | 30x1d
          regex: "^zrepl_"
  - name: backups
    type: sink
    root_fs: vault/backups
    recv:
      placeholder:
        encryption: inherit
    serve:
      type: stdinserver
      client_identities: [laptop]
CONFIG
chmod 600 zrepl.yml
cat zrepl.yml
show zrepl configcheck --config zrepl.yml

say "what would a run do?"
show zrepl plan offsite --config zrepl.yml

say "the first run: one atomic round of snapshots, then everything in full"
show zrepl run offsite --config zrepl.yml

say "something changes; the second run sends only that"
echo hello >/mnt/tank/home/alice/letter
show zrepl run offsite --config zrepl.yml

say "a large change, and the run is killed (SIGKILL) in the middle of the stream"
head -c 150000000 /dev/urandom >/mnt/tank/home/alice/film
zpool sync tank
before=$(zpool list -Hp -o allocated vault)
zrepl run offsite --config zrepl.yml >/dev/null 2>&1 &
run=$!
until [ "$(zpool list -Hp -o allocated vault)" -gt $((before + 30000000)) ]; do :; done
kill -KILL $run
wait $run || true
until ! pgrep -x zfs >/dev/null; do :; done
show zfs list -t snapshot -o name -r vault/backups/laptop/tank/home/alice
echo
echo "the receiver keeps what has arrived:"
zfs get -H -o property,value receive_resume_token vault/backups/laptop/tank/home/alice | cut -c1-100
echo "the sender holds both ends of the step:"
holds tank/home/alice

say "the next run continues where the stream was cut"
show zrepl run offsite --config zrepl.yml

say "both sides, by guid"
show zfs list -t snapshot -o name,guid -s creation -r tank/home/alice
show zfs list -t snapshot -o name,guid -s creation -r vault/backups/laptop/tank/home/alice

say "what zrepl leaves on the pools: a cursor (bookmark) on the sender, a hold on the receiver"
show zfs list -t bookmark -o name -r tank/home
holds vault/backups/laptop

say "nothing has changed since: a run that only replicates has nothing to do"
show zrepl replicate offsite --config zrepl.yml
echo "exit status $?"
