#!/bin/bash
# Installs two parties of two topologies on a booted systemd, and runs their jobs. What each step said and how it ended is
# in /sfgen-out, in files that are named after the step.
set -u
out=/sfgen-out

# step NAME COMMAND...
step() {
    local name=$1
    shift
    local since=$EPOCHREALTIME
    { "$@"; echo "status $?"; } </dev/null >"$out/$name" 2>&1
    echo "$name: $(((${EPOCHREALTIME/./} - ${since/./}) / 1000)) ms" >>"$out/times"
}

# All that an installation could leave.
machine() {
    find /etc /usr /var/lib /run -not -path '/usr/share/*' -not -path '/var/lib/systemd/*' -printf '%p %y %m %U:%G %l\n' |
        grep -E 'sfgen|/etc/(passwd|group) ' | sort
    cut -d: -f1 /etc/passwd /etc/group | sort
}

# both NAME JOB: the job at both parties, at the same time.
both() {
    step "$1-bob" sfgen run "$2" --party bob &
    step "$1-alice" sfgen run "$2" --party alice
    wait
}

launcher() {
    systemctl show --property="$2" --value "sfgen-$1-launcher.service"
}

install -D -m 0600 /dev/stdin /data/sfgen-it/number <<<42
chown -R 65534 /data/sfgen-it
machine >"$out/before"

cd /srv/sums || exit 1
step sums-apply-bob sfgen apply --party bob --yes &
step sums-apply-alice sfgen apply --party alice --yes
wait
step sums-again sfgen apply --party alice --yes
both first total
step status sfgen status
step status-json sfgen status --format json
step told systemctl show --property=StatusText,ActiveState,User,Type sfgen-sums-alice-launcher.service
step stranger runuser -u sfgen-it-a -- sfgen run total --party alice

# systemd brings back a launcher that is killed.
killed=$(launcher sums-alice MainPID)
kill -KILL "$killed"
both second total
echo "$killed $(launcher sums-alice MainPID)" >"$out/pids"

step stop sfgen stop --party alice
step stopped sfgen status --party alice
step down sfgen run total --party alice
for party in alice bob; do
    step "sums-uninstall-$party" sfgen uninstall --party "$party" --yes
done
machine >"$out/after-sums"

cd /srv/scripts || exit 1
step scripts-apply-alice sfgen apply --party alice --yes
step scripts-apply-bob sfgen apply --party bob --yes
both look look
step key-of-launcher runuser -u sfgen-it-a-launcher -- cat /run/credentials/sfgen-scripts-alice-launcher.service/identity
step key-for-job runuser -u sfgen-it-a -- cat /run/credentials/sfgen-scripts-alice-launcher.service/identity
step killed-bob sfgen run wait --party bob &
step killed-alice sfgen run wait --party alice &
until pgrep -u sfgen-it-a -f 'sleep 4711' >/dev/null; do sleep 0.1; done
since=$EPOCHREALTIME
kill -KILL "$(launcher scripts-alice MainPID)"
while pgrep -u sfgen-it-a -f 'sleep 4711' >/dev/null; do sleep 0.05; done
echo "$(((${EPOCHREALTIME/./} - ${since/./}) / 1000))" >"$out/ended-within"
wait
# Folders that both are in go with the last party if that is the one that came first.
for party in bob alice; do
    step "scripts-uninstall-$party" sfgen uninstall --party "$party" --yes
done
rm -r /data/sfgen-it
machine >"$out/after"
