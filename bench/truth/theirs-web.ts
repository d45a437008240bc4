import type { IncomingMessage, ServerResponse } from "node:http";
import type { RealFault } from "./case.js";
import { page, reset, silence, web, type Talk } from "./door.js";

type Serve = (request: IncomingMessage, response: ServerResponse) => unknown;

const WELL = page(200);

/** A website that is well until `talk` stands in its place. */
const site = (name: string, talk: Talk, more: object = {}): RealFault => ({
  name,
  async arrange(world) {
    const door = await world.door(WELL);
    const id = name.replaceAll(/[^a-z0-9]+/g, "-");
    return {
      cause: id,
      monitors: [
        {
          id,
          probe: "http",
          target: `http://${world.address}:${door.port}/`,
          host: `host-${id}`,
          component: id,
          ...more,
        },
      ],
      strike: () => door.become(talk),
      mend: () => door.become(WELL),
    };
  },
});

const broken = (name: string, serve: Serve, more?: object): RealFault =>
  site(
    name,
    web((request, response) => void serve(request, response)),
    more,
  );

const LATE_MS = 6_000;

/** Websites. */
export const THEIRS_WEB: readonly RealFault[] = [
  {
    name: "web: refused",
    async arrange(world) {
      const door = await world.door(WELL);
      return {
        cause: "web-refused",
        monitors: [
          {
            id: "web-refused",
            probe: "http",
            target: `http://${world.address}:${door.port}/`,
            host: "host-web-refused",
            component: "web-refused",
          },
        ],
        strike: () => door.shut(),
        mend: () => door.reopen(),
      };
    },
  },
  site("web: connections reset", reset),
  site("web: accepted and silent", silence),
  site("web: 500", page(500)),
  site("web: 503", page(503)),
  site("web: wrong content", page(200, "Fatal error: no database"), {
    expect: { body: "all is well" },
  }),
  broken("web: redirects in a circle", (request, response) =>
    response.writeHead(302, { location: `/${(request.url ?? "").length % 2}` }).end(),
  ),
  broken("web: first byte too late", (_request, response) =>
    setTimeout(() => response.end("all is well"), LATE_MS),
  ),
  broken("web: cut in the middle", (_request, response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write("all is");
    setTimeout(() => response.destroy(), 50);
  }),
];
