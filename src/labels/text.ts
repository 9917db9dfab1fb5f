/** Texts of strangers in messages of ours: one line, bounded, and nothing in them that steers a terminal. */
import { escapeText } from '../escape.ts';

/** `text` cut to `most` characters, with every character escaped that could break a line or steer a terminal. */
export function clip(text: string, most: number): string {
  return escapeText(text.length > most ? `${text.slice(0, most)}…` : text).replaceAll('\t', '\\t');
}

/** A label's value for a message: clipped, in quotes. Never for values of `env.*`, `command` or unknown labels. */
export function quote(text: string): string {
  return `"${clip(text, 60)}"`;
}
