/**
 * One plain mail address that reaches somebody outside: no display name, no quotes, a domain of several
 * parts (a narrow reading of RFC 5321, section 4.1.2: what forms and help desks really send).
 */
export const MAIL_ADDRESS =
  /^[^\s\p{Cc}\p{Cs}"<>(),:;@\\]{1,64}@(?!-)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/u;

/** At most so many letters (RFC 5321, section 4.5.3.1.3). */
export const MAIL_ADDRESS_MAX = 254;
