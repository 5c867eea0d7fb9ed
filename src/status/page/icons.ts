import type { ShownState } from "./host-row.ts";
import { Html } from "./html.ts";

/** What each state looks like beside its word: its shape differs, not its colour alone. */
const SHAPES: Readonly<Record<ShownState, string>> = {
  armed: '<circle cx="12" cy="12" r="9.5"/><path d="m7.5 12.4 3.1 3.1 6-6.6"/>',
  held: '<circle cx="12" cy="12" r="9.5"/><path d="M9.6 8.4v7.2M14.4 8.4v7.2"/>',
  disarmed: '<circle cx="12" cy="12" r="9.5"/><path d="M5.4 18.6 18.6 5.4"/>',
  blind:
    '<path d="M3.5 3.5l17 17M9.6 5.2A10 10 0 0 1 12 4.9c5.6 0 9.3 5.2 9.9 7.1a12 12 0 0 1-3 4.4M6.2 7A13 13 0 0 0 2.1 12c.6 1.9 4.3 7.1 9.9 7.1a9.8 9.8 0 0 0 4.8-1.3M9.9 9.9a3 3 0 0 0 4.2 4.2"/>',
  silent:
    '<circle cx="12" cy="12" r="9.5" stroke-dasharray="3 2.97"/><path d="M9.5 9.6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.7M12 16.4v.1"/>',
};

/** The word beside it is what a screen reader reads. */
export const icon = (state: ShownState): Html =>
  new Html(`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${SHAPES[state]}</svg>`);
