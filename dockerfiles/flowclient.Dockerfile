# The image of flowclient by docker, podman or buildah, from a git checkout without uncommitted changes:
#
#     docker build --file dockerfiles/flowclient.Dockerfile --tag flowclient .
#
# Its files are those of `flowctl image build`, byte for byte if compiler and C library are the same; its digest is not,
# since these programs write their own times into it. docs/image.md tells more.

# Where Rust, git, a linker and the archive of glibc come from.
ARG RUST=docker.io/library/rust:1.95-bookworm

FROM ${RUST} AS build
COPY . /flowclient
WORKDIR /flowclient
RUN cargo run --locked --package k8s --bin flowctl -- image tree /image

FROM scratch
COPY --from=build /image/ /
ENV PATH=/usr/bin
WORKDIR /
USER 65532:65532
ENTRYPOINT ["/usr/bin/flowclient"]
