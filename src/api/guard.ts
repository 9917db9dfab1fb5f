/**
 * Who may do what. The owner's socket is guarded by its file mode and may do all. Over HTTP reading is open to
 * whoever reaches the port, actions need the token; a page of another site that has its name resolved to us
 * (DNS rebinding) is told apart by the name that it asks for.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';

export type Access =
  | { readonly kind: 'owner' }
  | { readonly kind: 'http'; readonly host: string; readonly token: string | undefined };

export type Verdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly status: 401 | 403 | 421; readonly error: string };

const allowed: Verdict = { ok: true };

export function judge(access: Access, request: Request): Verdict {
  if (access.kind === 'owner') return allowed;
  const authorized = hasToken(request, access.token);
  if (!authorized && !isOurName(request.headers.get('host'), access.host))
    return { ok: false, status: 421, error: 'this host name is not ours: ask by address, or with the token' };
  if (request.method === 'GET' || request.method === 'HEAD' || authorized) return allowed;
  if (access.token === undefined)
    return { ok: false, status: 403, error: 'actions over HTTP need HTTP_TOKEN to be set' };
  return { ok: false, status: 401, error: 'this needs the header "Authorization: Bearer <HTTP_TOKEN>"' };
}

/** Digests are of equal length, so that the time to compare tells nothing about the token. */
function hasToken(request: Request, token: string | undefined): boolean {
  const header = request.headers.get('authorization');
  if (token === undefined || header === null) return false;
  const given = /^Bearer +(.*)$/i.exec(header)?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/**
 * Addresses, the configured host and names without a dot (`localhost`, a compose service): none of them can be
 * registered by a stranger.
 */
function isOurName(header: string | null, configured: string): boolean {
  const name = hostName(header ?? '');
  if (name === undefined) return false;
  const bare = name.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) !== 0 || !name.includes('.') || name === configured.toLowerCase();
}

function hostName(header: string): string | undefined {
  if (!/^[\w.:[\]-]+$/.test(header)) return undefined;
  try {
    return new URL(`http://${header}`).hostname.replace(/\.$/, '').toLowerCase();
  } catch {
    return undefined;
  }
}
