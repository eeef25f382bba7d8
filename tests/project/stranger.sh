#!/usr/bin/env bash
# The project on a stranger's machine: a fresh Debian, a user without rights, a clone.
#
#   tests/project/stranger.sh [OPTION ...] [COMMAND ...]
#
# Each COMMAND is run by a shell in the clone, one after the other, until one fails.
# Without any they are: make reproduce; git status, which must be empty; make test.
#
#   --release NAME   of Debian: trixie (Python 3.13, the default), sid (3.14) or another
#   --packages "A B" more of Debian's packages than python3-venv, make and git, such as
#                    "chromium nodejs qemu-user": a test that lacks its program is skipped
#   --cpu PLACE      take torch from an index of CPU builds: its address, or a folder of
#                    wheels; without it torch is what the package index has, most
#                    often the build for CUDA
#   --fresh          use nothing that an earlier call has downloaded
#   --keep FOLDER    make the machine there and leave it; by default it is removed
#
# It needs root, debootstrap, 12 GB of disk and, by network, Debian's packages and a
# package index of Python; where these are, this machine's own settings say. What can be
# used again is kept in ~/.cache/stranger. It ends with 77 if no such machine can be made
# here, and else with what the last command gave.
set -euo pipefail

READER=1000 # the user's number
PROJECT=$(cd "$(dirname "$0")/../.." && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/stranger

main() {
    release=trixie packages="" cpu="" fresh="" keep=""
    while [[ ${1-} == --* ]]; do
        case $1 in
        --release) release=$2 && shift ;;
        --packages) packages=$2 && shift ;;
        --cpu) cpu=$2 && shift ;;
        --keep) keep=$2 && shift ;;
        --fresh) fresh=yes ;;
        *) usage ;;
        esac
        shift
    done
    if [[ $# = 0 ]]; then
        set -- "make reproduce" 'test -z "$(git status --porcelain)"' "make test"
    fi

    check_means
    work=${keep:-$(mktemp -d --tmpdir=/var/tmp stranger.XXXXXX)}
    if [[ -z $keep ]]; then
        trap 'rm -rf --one-file-system "$work"' EXIT
    fi
    machine=$work/machine
    if [[ -e $machine ]]; then
        echo "stranger: $machine is there already: remove it, or name another" >&2
        exit 2
    fi
    mkdir -p "$machine" "$CACHE/pip"
    timed "Debian $release" make_machine
    make_user
    timed "git clone" as_reader . "git clone --quiet /srv/project.git project"

    local code=0
    for command; do
        timed "$command" as_reader project "$command" || code=$?
        if [[ $code != 0 ]]; then
            break
        fi
    done
    say_sizes
    return $code
}

usage() {
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

cannot() { # WHY
    echo "stranger: no such machine can be made here: $1" >&2
    exit 77
}

timed() { # WHAT COMMAND ...: run a command and say how long it took
    local start=$SECONDS code=0
    "${@:2}" || code=$?
    local end="$((SECONDS - start)) s"
    if [[ $code != 0 ]]; then
        end+=", and failed with $code"
    fi
    echo "stranger: $1: $end" >&2
    return $code
}

check_means() {
    [[ $(id -u) = 0 ]] || cannot "it needs root"
    for program in debootstrap git unshare; do
        type $program >/dev/null 2>&1 || cannot "$program is missing (apt-get install $program)"
    done
    unshare --mount --pid --fork true 2>/dev/null || cannot "mounting is not allowed"
}

# ---------------------------------------------------------------------------- the machine

make_machine() {
    local names="python3 python3-venv make git ca-certificates $packages"
    local base=$CACHE/$(echo "$release" $packages | tr " " "-").tar
    if [[ -n $fresh || ! -e $base ]]; then
        bootstrap "$(echo $names | tr " " ",")"
        tar -C "$machine" -cf "$base.partial" .
        mv "$base.partial" "$base"
    else
        tar -C "$machine" -xf "$base"
    fi
}

bootstrap() { # PACKAGES, with commas between
    local mirror log=$work/debootstrap.log
    mirror=$(
        apt-get indextargets --format '$(REPO_URI)' \
            "Created-By: Packages" "Origin: Debian" "Component: main" 2>/dev/null | head -n 1
    )
    debootstrap --variant=minbase --include="$1" "$release" "$machine" $mirror >"$log" 2>&1 ||
        cannot "Debian $release: $(tail -n 1 "$log")"
}

make_user() { # with a repository that is theirs, and pip set up to reach an index
    chroot "$machine" useradd --uid $READER --create-home --shell /bin/bash reader
    git -c safe.directory='*' clone --quiet --bare "$PROJECT" "$machine/srv/project.git"
    chown -R $READER:$READER "$machine/srv/project.git"
    cp -L /etc/resolv.conf "$machine/etc/resolv.conf"
    if [[ -e /etc/ssl/certs/ca-certificates.crt ]]; then
        cp -L /etc/ssl/certs/ca-certificates.crt "$machine/etc/ssl/certs/"
    fi
    pip_settings >"$machine/etc/pip.conf"
    mkdir -p "$machine/srv/wheels" "$machine/home/reader/.cache/pip"
    chown -R $READER:$READER "$machine/home/reader/.cache"
}

# Of this machine's settings what leads to its index, and not what else it is offered.
pip_settings() {
    echo "[global]"
    echo "log = /home/reader/pip.log"
    echo "cert = /etc/ssl/certs/ca-certificates.crt"
    local setting='^[a-z:]*\.\(index-url\|proxy\|trusted-host\|timeout\)='
    python3 -m pip config list 2>/dev/null | sed -n "s/$setting'\(.*\)'$/\1 = \2/p"
    if [[ -d $cpu ]]; then
        echo "find-links = /srv/wheels"
    elif [[ -n $cpu ]]; then
        echo "extra-index-url = $cpu"
    fi
}

# ---------------------------------------------------------------------------- its user

# A command has its own view of mounts and processes, which ends with it.
as_reader() { # FOLDER COMMAND: in a folder of the home
    export machine cpu fresh READER CACHE
    unshare --mount --pid --fork --kill-child bash -euc '
        mount -t proc proc "$machine/proc"
        mount -t tmpfs -o mode=1777 tmpfs "$machine/dev/shm"
        mount -t devpts -o newinstance,ptmxmode=0666 devpts "$machine/dev/pts"
        if [[ -d $cpu ]]; then
            mount --bind -o ro "$cpu" "$machine/srv/wheels"
        fi
        if [[ -z $fresh ]]; then
            mount --bind "$CACHE/pip" "$machine/home/reader/.cache/pip"
            chown $READER:$READER "$CACHE/pip"
        fi
        exec chroot --userspec=$READER:$READER "$machine" env -i \
            HOME=/home/reader USER=reader PATH=/usr/local/bin:/usr/bin:/bin \
            sh -c "cd ~/$0 && $1"
    ' "$1" "$2" </dev/null
}

say_sizes() {
    local home=$machine/home/reader
    say_size "downloaded by pip" "$(downloaded "$home/pip.log")"
    say_size ".venv" "$(bytes_of "$home/project/.venv")"
    say_size ".git" "$(bytes_of "$home/project/.git")"
}

say_size() { # WHAT BYTES
    echo "stranger: $1: $(($2 / 1000000)) MB" >&2
}

bytes_of() { # FOLDER
    du -sb "$1" | cut -f 1
}

downloaded() { # LOG: the bytes of what pip fetched by network; a folder's wheels are not among them
    awk '
        /Downloading .* \([0-9.]+ ([kMG]B|bytes)\)/ {
            gsub("[()]", "")
            unit["bytes"] = 1; unit["kB"] = 1e3; unit["MB"] = 1e6; unit["GB"] = 1e9
            sum += $(NF - 1) * unit[$NF]
        }
        END { printf "%.0f\n", sum }
    ' "$1"
}

main "$@"; exit # in one line: a shell reads on in a file that has changed meanwhile
