# One image for the agent, the init containers (config, iptables) and the probes.
#
#   docker buildx build --platform linux/amd64,linux/arm64 -t amesh-render .
#
# `iptables --apply` runs iptables-restore, which distroless/static does not have. So the image is that base, and iptables of
# both kinds and ip from Debian 12's packages, with the libraries that they need; no shell, no package manager. A second image
# for init containers would be one more to pull in each pod, and 30 MB larger. image/rootfs.sh makes that tree, here and for
# the tests. Nothing in this file runs a program of the target's, so no emulation is needed.
ARG GO=docker.io/library/golang:1.26-bookworm
ARG DEBIAN=docker.io/library/debian:bookworm-slim
# The release is named, as the libraries are of the same.
ARG BASE=gcr.io/distroless/static-debian12:nonroot

FROM --platform=$BUILDPLATFORM ${GO} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS=linux
ARG TARGETARCH
# The commit is in the image's label: the binary is the same for all commits that do not change it.
RUN make build GOOS=${TARGETOS} GOARCH=${TARGETARCH} BUILDVCS=false

FROM --platform=$BUILDPLATFORM ${DEBIAN} AS tree
ARG TARGETARCH
ARG SOURCE_DATE_EPOCH=0
COPY image/rootfs.sh /rootfs.sh
COPY --from=build /src/amesh-render /amesh-render
RUN dpkg --add-architecture "${TARGETARCH}" && apt-get -q update && sh /rootfs.sh /amesh-render /tree

FROM ${BASE}
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="amesh-render" \
      org.opencontainers.image.description="Makes Apache APISIX an Istio data plane with nothing but a file" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=tree /tree /
# The init container that calls iptables asks for root by itself.
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/amesh-render"]
