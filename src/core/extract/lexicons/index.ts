import type { Language } from "../../languages.js";
import type { Lexicon } from "../lexicon.js";
import { cs } from "./cs.js";
import { de } from "./de.js";
import { en } from "./en.js";
import { hu } from "./hu.js";
import { pl } from "./pl.js";
import { sk } from "./sk.js";
import { sl } from "./sl.js";

/** Every language that reports are read in: a new one is a file here and a word in this table. */
export const LEXICONS: Readonly<Record<Language, Lexicon>> = { hu, sl, pl, cs, sk, de, en };
