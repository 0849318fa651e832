#!/bin/bash
# Installs, changes and removes a party on a booted systemd. What each step said and how it ended is in /sfgen-out, in files
# that are named after the step.
set -u
out=/sfgen-out
topology=sfgen-install-alice
cd /srv/topology || exit 1

# step NAME COMMAND...
step() {
    local name=$1
    shift
    local since=$EPOCHREALTIME
    { "$@"; echo "status $?"; } </dev/null >"$out/$name" 2>&1
    echo "$name: $(((${EPOCHREALTIME/./} - ${since/./}) / 1000)) ms" >>"$out/times"
}

# All that an installation could leave, with content where it is small. Tools for accounts keep a copy of the last list.
machine() {
    find /etc /usr /var/lib -not -path '/usr/share/*' -not -path '/var/lib/systemd/*' -printf '%p %y %m %U:%G %l\n' |
        grep -vE '^/etc/((passwd|group|shadow|gshadow|subuid|subgid)-|\.pwd\.lock) ' | sort
    find /etc -type f -not -name '*-' -exec sha256sum {} + | sort -k 2
}

units() {
    systemctl show --property=Id,ActiveState,MainPID,Environment "$topology-cache.service" "$topology-worker.service"
}

mkdir -p /data/psi && mkdir -m 0700 /etc/sfgen
printf secret >/etc/sfgen/token
chmod 0600 /etc/sfgen/token
machine >"$out/before"

step dry-run sfgen apply --party alice --dry-run
step unasked sfgen apply --party alice
machine >"$out/untouched"
step first sfgen apply --party alice --yes
step first-units units
step installed cat /opt/sfgen-it/venv/packages
step rights runuser -u sfgen-it -- cat /etc/sfgen/token
step second sfgen apply --party alice --yes
step second-units units

sed -i 's/LEVEL="1"/LEVEL="2"/' topology.kdl
step plan sfgen plan
step changed sfgen apply --party alice --yes
step changed-units units

echo '# by hand' >>"/etc/systemd/system/$topology-worker.service"
step drift sfgen apply --party alice --yes
step drift-uninstall sfgen uninstall --party alice --yes
step forced sfgen apply --party alice --yes --force
step forced-units units

step stop sfgen stop --party alice
step stopped-units units
step again sfgen apply --party alice --yes

cp topology.kdl kept.kdl
sed -i 's|"/bin/sleep" "infinity"|"/bin/sh" "-c" "echo the worker has no tasks; exit 3"|' topology.kdl
step plan-sick sfgen plan
step sick sfgen apply --party alice --yes
sed -i '/service "worker"/,/^    }/d' topology.kdl
step plan-without sfgen plan
step without sfgen apply --party alice --yes
step without-units systemctl show --property=LoadState,ActiveState "$topology-worker.service"

step uninstall sfgen uninstall --party alice --yes
step uninstalled-units units
step nothing sfgen uninstall --party alice --yes
step no-rights getfacl --omit-header --absolute-names /etc/sfgen /etc/sfgen/token
machine >"$out/after"
