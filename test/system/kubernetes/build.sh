#!/bin/bash
# Builds kube-apiserver and kube-controller-manager of Debian 12's source package once, and takes etcd of its binary package; nothing is
# installed. Debian has no binary package of the servers. Needs 2.3 GB of disk while it runs, 6 to 10 minutes of CPU, and curl or apt's
# mirrors only. usage: build.sh FOLDER   (afterwards FOLDER/bin/{etcd,kube-apiserver,kube-controller-manager} and FOLDER/complete)
set -euo pipefail
folder=$1
[ ! -e "$folder/complete" ] || exit 0
mkdir -p "$folder/bin"
exec 9>"$folder/lock"
flock 9
[ ! -e "$folder/complete" ] || exit 0
work=$folder/build
mkdir -p "$work"/{deb,go,bin,tmp}
# As root apt would hand over to the user _apt, who may not write here.
apt() { apt-get -qq -o APT::Sandbox::User=root "$@"; }

if [ ! -x "$folder/bin/etcd" ] || [ ! -x "$work/go/usr/lib/go-1.19/bin/go" ]; then
  cd "$work/deb"
  apt download etcd-server golang-1.19-go golang-1.19-src golang-github-modern-go-reflect2-dev
  for package in *.deb; do dpkg-deb -x "$package" "$work/go"; done
  cp "$work/go/usr/bin/etcd" "$folder/bin/"
fi

source=$work/gopath/src/k8s.io/kubernetes
if [ ! -e "$source/.unpacked" ]; then
  # apt checks the tarball against the signed index of sources, which a machine need not have enabled.
  lists=$work/apt
  mkdir -p "$lists/lists/partial"
  # shellcheck disable=SC2016 # apt's own placeholders
  apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' 'Created-By: Packages' | awk '$2 == "main" { print $1 }' | sort -u |
    sed 's#.*#deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] & bookworm main#' >"$lists/sources.list"
  options=(-o "Dir::Etc::sourcelist=$lists/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$lists/lists" -o "Dir::Cache::pkgcache=$lists/pkg" -o "Dir::Cache::srcpkgcache=$lists/srcpkg")
  # Of another suite's mirror (security) there are no such sources: that is no error.
  apt "${options[@]}" update || true
  (cd "$work" && apt "${options[@]}" source --tar-only --download-only kubernetes)
  rm -rf "$work/gopath"
  mkdir -p "$work/gopath/src/k8s.io"
  tar xzf "$work"/kubernetes_*.orig.tar.gz -C "$work/gopath/src/k8s.io"
  mv "$work"/gopath/src/k8s.io/kubernetes-* "$source"
  # The vendored reflect2 1.0.1 panics on the first map that it decodes under Go 1.18 and later; Debian's 1.0.2 does not.
  reflect2=vendor/github.com/modern-go/reflect2
  rm "$source/$reflect2"/*
  cp "$work"/go/usr/share/gocode/src/github.com/modern-go/reflect2/*.{go,s} "$source/$reflect2/"
  rm -f "$source/$reflect2"/*_test.go
  touch "$source/.unpacked"
fi

# GOPATH mode: openapi-gen, which makes the definitions that the tarball lacks, knows no modules.
export GOROOT=$work/go/usr/lib/go-1.19 GOPATH=$work/gopath GOCACHE=$work/gocache TMPDIR=$work/tmp GO111MODULE=off CGO_ENABLED=0 GOFLAGS=
export PATH=$GOROOT/bin:$PATH
cd "$source"
if [ ! -e pkg/generated/openapi/zz_generated.openapi.go ]; then
  go build -o "$work/bin/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  inputs=$(grep -rlE '^//.*\+k8s:openapi-gen=' --include=*.go pkg cmd staging/src/k8s.io plugin |
    grep -vE 'k8s.io/(code-generator|sample-apiserver)/' | xargs -n1 dirname | LC_ALL=C sort -u |
    sed 's#^staging/src/#k8s.io/kubernetes/vendor/#; t; s#^#k8s.io/kubernetes/#' | paste -sd,)
  "$work/bin/openapi-gen" --logtostderr -i "$inputs" -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi \
    -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r "$work/violations" --output-base "$GOPATH/src"
fi
for program in kube-apiserver kube-controller-manager; do
  flags="-s -w"
  for package in pkg/version vendor/k8s.io/client-go/pkg/version vendor/k8s.io/component-base/version; do
    variable=k8s.io/kubernetes/$package
    flags="$flags -X $variable.gitVersion=v1.20.2 -X $variable.gitMajor=1 -X $variable.gitMinor=20"
  done
  go build -ldflags "$flags" -o "$folder/bin/$program" "./cmd/$program"
done
cd /
chmod -R u+w "$work"
rm -rf "$work"
touch "$folder/complete"
