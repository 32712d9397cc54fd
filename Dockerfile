# One image per app:  docker build --target pool -t sv2-pool .
# Settings come from the environment (POOL__PAYOUT__ADDRESS=…) or a mounted file: docker run … --config /app/pool.toml

FROM node:22.20.0-bookworm-slim AS build
WORKDIR /src
RUN npm install --global pnpm@10.34.8
ENV TURBO_TELEMETRY_DISABLED=1
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
RUN pnpm fetch
COPY . .
RUN pnpm install --offline --frozen-lockfile && pnpm exec turbo run build
# from here on nothing asks a registry: what `pnpm fetch` brought is what the lockfile names
RUN for app in pool template-provider job-negotiator mining-device mining-proxy translator-proxy keys ledger verify sv2; do \
      node scripts/assemble-image.ts "$app" "/out/$app" || exit 1; \
    done

FROM node:22.20.0-bookworm-slim AS base
ENV NODE_ENV=production
WORKDIR /app
RUN mkdir /app/data && chown node:node /app/data
USER node
# keys and solved blocks: keep them
VOLUME /app/data

FROM base AS keys
COPY --from=build /out/keys ./
ENTRYPOINT ["node", "--disable-sigusr1", "apps/keys/dist/main.js"]
# docker-compose.yml mounts one volume for each server here; a new volume belongs to whom its folder belongs
USER root
RUN for folder in public tokens template-provider pool negotiator-server farm-template-provider negotiator-client \
      mining-proxy translator sv1-miner; do install -d -o node -g node -m 700 "/keys/$folder" || exit 1; done
USER node

# a command for the books of a pool, with its configuration and data folder mounted
FROM base AS ledger
COPY --from=build /out/ledger ./
ENTRYPOINT ["node", "--disable-sigusr1", "apps/ledger/dist/main.js"]

FROM base AS mining-device
COPY --from=build /out/mining-device ./
ENTRYPOINT ["node", "--disable-sigusr1", "apps/mining-device/dist/main.js"]

FROM base AS mining-proxy
COPY --from=build /out/mining-proxy ./
ENTRYPOINT ["node", "--disable-sigusr1", "apps/mining-proxy/dist/main.js"]
EXPOSE 3335
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9093/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

FROM base AS translator-proxy
COPY --from=build /out/translator-proxy ./
ENTRYPOINT ["node", "--disable-sigusr1", "apps/translator-proxy/dist/main.js"]
EXPOSE 34255
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9092/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

FROM base AS job-negotiator
COPY --from=build /out/job-negotiator ./
ENTRYPOINT ["node", "--disable-sigusr1", "apps/job-negotiator/dist/main.js"]
EXPOSE 3334 34265
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9091/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# what it is: server or client
CMD ["server"]

FROM base AS template-provider
COPY --from=build /out/template-provider ./
ENTRYPOINT ["node", "--disable-sigusr1", "apps/template-provider/dist/main.js"]
# other containers have to reach it; by default it listens on the loopback interface alone
ENV TEMPLATE_PROVIDER__LISTEN__0__HOST=0.0.0.0
EXPOSE 8336 18336
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9094/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

FROM base AS pool
COPY --from=build /out/pool ./
ENTRYPOINT ["node", "--disable-sigusr1", "apps/pool/dist/main.js"]
EXPOSE 3333
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9090/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

FROM base AS verify
COPY --from=build /out/verify ./
ENTRYPOINT ["node", "--disable-sigusr1", "apps/verify/dist/main.js"]

# everything in one process: mount the folder of sv2.toml at /app/data
FROM base AS sv2
COPY --from=build /out/sv2 ./
WORKDIR /app/data
ENTRYPOINT ["node", "--disable-sigusr1", "/app/apps/sv2/dist/main.js"]
EXPOSE 3333 3334 9090
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9090/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["up"]
