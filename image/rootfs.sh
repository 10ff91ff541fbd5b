#!/bin/sh
# What the image has beside its base: the program, and iptables and ip with the libraries that they need. The Dockerfile
# runs it in a stage of Debian 12, `make rootfs` on a machine with Debian 12, so what the tests try is what ships.
#
#   image/rootfs.sh BINARY DIR [--base]
#
# DIR must not exist, or be empty. --base adds what the base image would bring: users, certificate authorities, /tmp.
# TARGETARCH (amd64, arm64; by default this machine's) is the architecture of the packages; apt must know it. Nothing of the
# packages is run, so it need not be this machine's.
set -eu

fail() { echo "rootfs.sh: $*" >&2; exit 1; }

[ $# -eq 2 ] || { [ $# -eq 3 ] && [ "$3" = --base ]; } || fail "usage: rootfs.sh BINARY DIR [--base]"
[ -f "$1" ] || fail "$1 is no file"
mkdir -p "$2"
[ -z "$(ls -A "$2")" ] || fail "$2 is not empty"
binary=$(realpath "$1") dir=$(realpath "$2") base=${3-}
arch=${TARGETARCH:-$(dpkg --print-architecture)}

# iptables of both kinds, ip for ::6, and the libraries of these: what ldd says of them, and no more.
packages="iptables iproute2 libc6 libxtables12 libip4tc2 libip6tc2 libmnl0 libnftnl11 libbpf1 libelf1 libbsd0 libmd0 libcap2 zlib1g"
[ -z "$base" ] || packages="$packages ca-certificates"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# shellcheck disable=SC2086 # the names are words
apt-get -q -o APT::Sandbox::User=root download $(printf "%s:$arch " $packages | sed 's/ca-certificates:[^ ]*/ca-certificates/')
mkdir all
for deb in *.deb; do
	dpkg-deb -x "$deb" all
	# Where scanners look for packages in an image without dpkg.
	package=$(dpkg-deb -f "$deb" Package)
	mkdir -p "$dir/var/lib/dpkg/status.d"
	dpkg-deb -f "$deb" > "$dir/var/lib/dpkg/status.d/$package"
done

# keep copies what the patterns name from the packages, with the directories that it is in.
keep() { (cd all && cp -a --parents "$@" "$dir"); }
case $arch in
amd64) triplet=x86_64-linux-gnu; keep lib64/ld-linux-x86-64.so.2 ;;
arm64) triplet=aarch64-linux-gnu; keep lib/ld-linux-aarch64.so.1 ;;
*) fail "TARGETARCH $arch: the libraries' directory is not known; add it here" ;;
esac
(cd all
	cp -a --parents usr/sbin/ip*tables-* usr/sbin/xtables-*-multi bin/ip sbin/ip lib/$triplet/*.so* "$dir"
	cp -a --parents usr/lib/$triplet/*.so* usr/lib/$triplet/xtables/lib*t_*.so usr/share/doc/*/copyright "$dir")
cd "$dir"
rm -f usr/sbin/ip*tables-apply usr/lib/"$triplet"/xtables/lib*arpt_* usr/lib/"$triplet"/xtables/libebt_*
# The plain names, which Debian makes when it installs the package.
for family in iptables ip6tables; do
	for suffix in "" -save -restore; do
		ln -s xtables-nft-multi "usr/sbin/$family$suffix"
	done
done
install -D -m 0755 "$binary" usr/local/bin/amesh-render

if [ -n "$base" ]; then
	mkdir -p etc/ssl/certs
	cat "$work"/all/usr/share/ca-certificates/mozilla/*.crt > etc/ssl/certs/ca-certificates.crt
	printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' > etc/passwd
	printf 'root:x:0:\nnonroot:x:65532:\n' > etc/group
	mkdir -m 1777 tmp
fi
# Equal packages and an equal binary are an equal tree.
find . -exec touch -h -d "@${SOURCE_DATE_EPOCH:-0}" {} +
