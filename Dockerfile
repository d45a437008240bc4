# docker build -t tudunk . && docker run --init -p 3000:3000 -v tudunk:/data tudunk
# Debian, not Alpine: the embedded PostgreSQL needs glibc.
FROM node:22-slim

# For the probe icmp.
RUN apt-get update && apt-get install -y --no-install-recommends iputils-ping && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY tsconfig.json tsconfig.build.json ./
COPY probes ./probes
COPY migrations ./migrations
COPY views ./views
COPY src ./src
# Builds as `npm start` would, so that the start itself finds nothing left to do.
RUN node src/start.mjs --command help > /dev/null

RUN mkdir /data && chown node:node /data
USER node
ENV NODE_ENV=production DATA_DIR=/data
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/start.mjs"]
