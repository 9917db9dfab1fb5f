/** Certificates for one test, made by openssl: an authority, servers and a client of it, and strangers. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/temporary.ts';

/** Paths of the files. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  readonly ca: string;
  readonly strangersCa: string;
  /** For the name `localhost`. */
  readonly server: KeyPair;
  /** For the name `elsewhere.example`. */
  readonly otherName: KeyPair;
  readonly expired: KeyPair;
  readonly client: KeyPair;
  /** Signed by the other authority. */
  readonly stranger: KeyPair;
}

/** They go away when `cleanUp` calls back. */
export function makeCertificates(cleanUp: (call: () => void) => void): Certificates {
  const folder = temporaryFolder({ after: (call) => cleanUp(call as () => void) });
  const openssl = (...words: string[]): void => {
    execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });
  };
  const key = (name: string): void =>
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`);
  const authority = (name: string): string => {
    key(name);
    const subject = ['-subj', `/CN=${name}`, '-days', '3650', '-addext', 'keyUsage=critical,keyCertSign'];
    openssl('req', '-x509', '-new', '-key', `${name}.key`, '-out', `${name}.pem`, ...subject);
    return join(folder, `${name}.pem`);
  };
  const signed = (name: string, by: string, host: string, days = '3650'): KeyPair => {
    key(name);
    openssl('req', '-new', '-key', `${name}.key`, '-subj', `/CN=${host}`, '-out', `${name}.csr`);
    writeFileSync(
      join(folder, `${name}.ext`),
      `subjectAltName=DNS:${host}\nextendedKeyUsage=serverAuth,clientAuth\n`,
    );
    const signing = ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial', '-days', days];
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...signing,
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    );
    return { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  };
  return {
    ca: authority('ca'),
    strangersCa: authority('strangers'),
    server: signed('server', 'ca', 'localhost'),
    otherName: signed('other', 'ca', 'elsewhere.example'),
    expired: signed('expired', 'ca', 'localhost', '-1'),
    client: signed('client', 'ca', 'client'),
    stranger: signed('stranger', 'strangers', 'client'),
  };
}
