# syntax=docker/dockerfile:1
# chorewheel as an image. The base is named, not pinned by digest, so that one file serves amd64 and arm64:
#   docker build -t chorewheel .
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json LICENSE ./
COPY src src
COPY workers workers
COPY bench bench
COPY test test
# The compiler stays through npm's pruning, since a library names it as one that it could use; the database comes
# for two C libraries, and the base has one of them.
RUN npm run build && npm prune --omit=dev --ignore-scripts \
    && rm -rf dist/test node_modules/typescript node_modules/@typescript node_modules/.bin node_modules/@libsql/*-musl \
    && find dist node_modules \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -exec rm {} + \
    && chmod 755 dist/src/main.js

# Node and the libraries it needs, and nothing to build or fetch with.
FROM node:24-bookworm-slim AS runtime
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn* /usr/local/include /usr/local/share/doc \
    && ln -s /app/dist/src/main.js /usr/local/bin/chorewheel \
    && mkdir -p /var/lib/chorewheel /run/chorewheel \
    && chown 65532:65532 /var/lib/chorewheel /run/chorewheel && chmod 700 /run/chorewheel

FROM scratch
COPY --from=runtime / /
WORKDIR /app
COPY --from=build /build/package.json /build/LICENSE ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY src/page src/page
LABEL org.opencontainers.image.title="chorewheel" \
      org.opencontainers.image.description="A job scheduler for Docker containers, configured by container labels" \
      org.opencontainers.image.licenses="ISC"
ENV NODE_ENV=production STATE_DIR=/var/lib/chorewheel PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# The socket's group comes with: --group-add "$(stat -c %g /var/run/docker.sock)"
USER 65532:65532
VOLUME ["/var/lib/chorewheel", "/run/chorewheel"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["chorewheel", "health"]
ENTRYPOINT ["node", "--disable-sigusr1", "/app/dist/src/main.js"]
CMD ["run"]
