# syntax=docker/dockerfile:1

FROM rust:1.95-slim-bookworm AS builder
# make: what jemalloc is built with; the image has a compiler only.
RUN apt-get update && apt-get install --yes --no-install-recommends make && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY . .
# `touch`, because the cache remembers `target` between builds and Cargo compares times: a source that is older than the
# cached build, yet other, would be taken for unchanged. It costs our own crates only; dependencies stay built.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/build/target,sharing=locked \
    find . -path ./target -prune -o -type f -exec touch {} + \
    && cargo build --profile dist --locked --bin thidua \
    && install -D target/dist/thidua /out/thidua

FROM debian:bookworm-slim
# ca-certificates: the TLS client trusts the system's store, and an image without it does not reach Zalo.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin thidua \
    && install --directory --owner=thidua --group=thidua --mode=0750 /data
COPY --from=builder /out/thidua /usr/local/bin/thidua

USER thidua
WORKDIR /data
# The embedded database where no DATABASE_URL is given.
VOLUME /data
EXPOSE 8080

# The image has no curl and no wget, and needs none: bash is part of every Debian and opens the connection itself.
# It asks on the internal address (server.internal_listen), which answers also while the public one is flooded. Where that is
# another, or none, and for a container that listens nowhere (`migrate`), switch it off: `--no-healthcheck`.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9464 && printf 'GET /healthz HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r -t 2 status <&3 && [[ $status == 'HTTP/1.1 200'* ]]"]

ENTRYPOINT ["thidua"]
CMD ["serve", "--listen", "0.0.0.0:8080", "--data", "/data"]
