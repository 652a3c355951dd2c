# archon from a clean clone, with nothing but docker: `docker build -t archon .`
# Any image then takes it with `COPY --from=archon / /` and `ENTRYPOINT ["archon"]`.
FROM debian:bookworm-slim AS build
WORKDIR /build
# What a build needs, in a layer of its own: it stays as it is when only archon changes.
COPY package.json package-lock.json ./
COPY scripts/setup scripts/
COPY scripts/build/libraries.ts scripts/build/engine-changes.ts scripts/build/
COPY scripts/build/asserting scripts/build/asserting/
RUN scripts/setup build && rm -rf /var/lib/apt/lists/*
COPY . .
RUN npm run build

FROM scratch
LABEL org.opencontainers.image.title="archon" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /build/dist/rootfs /
ENTRYPOINT ["/usr/bin/archon"]
