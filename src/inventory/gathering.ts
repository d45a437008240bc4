import type { Account, Domain, Servers } from "../core/directory.js";
import { NO_INVENTORY, type Inventory, type StandingPlace } from "../core/inventory.js";

/** Accounts and domains as a file's rows bring them, one after the other. */
export interface Gathering {
  /** What is known of an account so far; made at its first row. */
  readonly account: (id: string) => Draft;
  /** False where the same account has this domain already. */
  readonly domain: (draft: Draft, domain: Omit<Domain, "accountId">) => boolean;
  readonly server: (name: string) => ServerDraft;
  readonly inventory: () => Inventory;
}

export interface Draft {
  readonly id: string;
  company: string;
  language: string | null;
  php: string | null;
  readonly contacts: Set<string>;
  readonly addresses: Set<string>;
  readonly serviceIds: Set<string>;
  readonly domains: Map<string, Domain>;
}

export interface ServerDraft {
  readonly id: string;
  hostname: string | null;
  readonly addresses: Set<string>;
}

export function createGathering(): Gathering {
  const drafts = new Map<string, Draft>();
  const servers = new Map<string, ServerDraft>();
  return {
    account(id) {
      const known = drafts.get(id);
      if (known) return known;
      const draft: Draft = {
        id,
        company: "",
        language: null,
        php: null,
        contacts: new Set(),
        addresses: new Set(),
        serviceIds: new Set(),
        domains: new Map(),
      };
      drafts.set(id, draft);
      return draft;
    },
    domain(draft, domain) {
      if (draft.domains.has(domain.ascii)) return false;
      draft.domains.set(domain.ascii, { accountId: draft.id, ...domain });
      return true;
    },
    server(name) {
      const known = servers.get(name);
      if (known) return known;
      const hostname = /[a-z]/.test(name) && name.includes(".") ? name : null;
      const draft = { id: name, hostname, addresses: new Set<string>() };
      servers.set(name, draft);
      return draft;
    },
    inventory: () => ({
      ...NO_INVENTORY,
      places: [...servers.values()].map(placeOf),
      accounts: [...drafts.values()].map(accountOf),
    }),
  };
}

const placeOf = ({ id, hostname, addresses }: ServerDraft): StandingPlace => ({
  id,
  kind: "server",
  hostname,
  addresses: [...addresses],
  role: null,
  provides: [],
  switch: null,
  rack: null,
  location: null,
  network: null,
});

const accountOf = (draft: Draft): Account => ({
  id: draft.id,
  company: draft.company,
  contacts: [...draft.contacts],
  language: draft.language,
  timezone: null,
  php: draft.php,
  domains: [...draft.domains.values()],
  addresses: [...draft.addresses],
  serviceIds: [...draft.serviceIds],
  servers: {},
});

/** One server for the uses named; the same object for all who ask the same. */
export function createServersOf(): (server: string, uses: readonly (keyof Servers)[]) => Servers {
  const made = new Map<string, Servers>();
  return (server, uses) => {
    const key = `${server} ${uses.join()}`;
    const known = made.get(key);
    if (known) return known;
    const servers: Servers = Object.fromEntries(uses.map((use) => [use, server]));
    made.set(key, servers);
    return servers;
  };
}
