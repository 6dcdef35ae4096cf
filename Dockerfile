# The Node.js release that package.json pins for development, so that the tested release is shipped. The digest is that of the
# index for all platforms; `tidewaiter drift Dockerfile` reports when the tag points to a newer build.
ARG NODE=node:24.21.0-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6

FROM ${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No package needs an install script, so none can run one.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY .ci/build.mjs .ci/report-page.mjs .ci/
COPY src/ src/
RUN node .ci/build.mjs

FROM ${NODE} AS app
# Package managers are not needed at run time.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-* \
    && install -d -o 65532 -g 65532 /certs
# The size of the young generation: with half of it, small reviews cost 4 % more and large reviews have twice the p99; twice the
# size gains nothing. The MALLOC_ variables return freed buffers to the system immediately (mallopt(3)), 20 MiB under attack. Flags
# override the TIDEWAITER_ variables, which override a configuration file; an empty variable counts as not set.
ENV NODE_OPTIONS=--max-semi-space-size=16 \
    MALLOC_ARENA_MAX=1 \
    MALLOC_MMAP_THRESHOLD_=131072 \
    MALLOC_TRIM_THRESHOLD_=1048576 \
    NODE_COMPILE_CACHE=/app/.compile-cache \
    TIDEWAITER_LISTEN=0.0.0.0:8443 \
    TIDEWAITER_CERTS_DIR=/certs
WORKDIR /app
COPY package.json LICENSE ./
COPY manifests/policies/ manifests/policies/
COPY --from=build /app/dist/ dist/

# Node.js writes its compile cache when a process ends, into a directory named after its version and user, so each command runs
# once as the final user.
FROM app AS warm
RUN install -d -o 65532 -g 65532 /app/.compile-cache
COPY .ci/warm-up.sh /tmp/
USER 65532:65532
RUN /tmp/warm-up.sh

FROM app
LABEL org.opencontainers.image.title=tidewaiter \
      org.opencontainers.image.description="Image policy for Kubernetes: decides which container images can run, and pins image tags to digests" \
      org.opencontainers.image.licenses=Apache-2.0
# Owned by root, so that the running user cannot change the cached code.
COPY --from=warm --chown=0:0 /app/.compile-cache/ .compile-cache/
# Numeric, so that the kubelet can verify that it is not root.
USER 65532:65532
EXPOSE 8443 8080
# Maglev, a compiler between V8's others, takes 22 MiB and saves 1 to 2 % of CPU time. NODE_OPTIONS does not allow the flag.
ENTRYPOINT ["node", "--no-maglev", "dist/main.js"]
CMD ["serve"]
