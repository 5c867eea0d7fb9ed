import { configOfFiles } from "../../src/config/load.ts";
import type { Config } from "../../src/config/sections.ts";

/** Every option at its default. */
export const defaultConfig = (): Config => configOfFiles([]).config;
