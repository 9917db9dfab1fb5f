/** Variables of `env.*` labels. Their values are secrets: no message holds one. */
import type { Reading } from './reading.ts';
import { quote } from './text.ts';

/** Set by chorewheel itself, and relied on to find an execution's processes. */
const reserved = 'CHOREWHEEL_EXECUTION';

/** The `NAME=value` entry, both byte for byte as they were given. */
export function readVariable(name: string, value: string): Reading<string> {
  if (name === '') return { ok: false, message: 'the name of the variable is missing' };
  if (name.includes('='))
    return { ok: false, message: `${quote(name)} holds "=", which no variable's name can` };
  if (name.includes('\0') || value.includes('\0')) {
    return { ok: false, message: 'it holds a NUL character, which no variable can' };
  }
  if (name === reserved) return { ok: false, message: 'chorewheel sets this variable itself' };
  return { ok: true, value: `${name}=${value}` };
}
