# archon from a clean clone, with nothing but docker: `docker build -t archon .`
# Any image then takes it with `COPY --from=archon / /` and `ENTRYPOINT ["archon"]`.
FROM debian:bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates gcc libc6-dev nodejs npm patchelf \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund --loglevel=error
COPY . .
RUN npm run build

FROM scratch
LABEL org.opencontainers.image.title="archon" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /build/dist/rootfs /
ENTRYPOINT ["/usr/bin/archon"]
