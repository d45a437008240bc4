import type { Account, Place, Provider } from "./directory.js";

/** Who lives on what, as it is imported, stored and exchanged; `createDirectory` answers from it. */
export interface Inventory {
  readonly timezone: string;
  readonly provider: Provider;
  readonly places: readonly StandingPlace[];
  readonly services: readonly Service[];
  /** What customers see on the page, and the services behind it. */
  readonly components: readonly ServedComponent[];
  readonly dependencies: readonly Dependency[];
  readonly accounts: readonly Account[];
}

/** A place with what it stands in, as ids of places; `null` where the inventory does not say. */
export interface StandingPlace extends Place {
  readonly switch: string | null;
  readonly rack: string | null;
  readonly location: string | null;
  /** The address range it is in, `192.0.2.0/24`. */
  readonly network: string | null;
}

export interface Service {
  /** `mail2/submission` */
  readonly id: string;
  readonly server: string;
  /** `submission` */
  readonly kind: string;
}

export interface ServedComponent {
  readonly id: string;
  readonly name: string;
  readonly services: readonly string[];
}

/** `to` needs `from`: ids of places or services. */
export interface Dependency {
  readonly from: string;
  readonly to: string;
  /** `network`, `hosts`, `relay`, `delivery`, `backend`, …: an open list. */
  readonly kind: string;
  readonly note: string | null;
}

export const NO_INVENTORY: Inventory = {
  timezone: "UTC",
  provider: { name: "", domain: null, supportEmail: null, publicHosts: {} },
  places: [],
  services: [],
  components: [],
  dependencies: [],
  accounts: [],
};
