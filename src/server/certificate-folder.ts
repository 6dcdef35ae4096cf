/** The folder that certificates are made in: `ca.crt` and `ca.key` of our authority, `tls.crt` and `tls.key` to serve with. */
import { type KeyObject, randomUUID, X509Certificate } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { quoteValue } from '../image/quote.ts';
import { codeOf, readKey, reasonOf } from './certificate.ts';
import { UserError } from '../error/user-error.ts';

export const OUR_CA = 'tidewaiter development CA';
/** What to do when the folder cannot be used. */
export const ELSEWHERE = 'name another folder with --certs-dir, or give a certificate with --cert and --key';

/** `problem`: what is wrong with the file, if there is one. */
export type Found<T> =
  | { readonly state: 'good'; readonly value: T; readonly text: string }
  | { readonly state: 'absent' | 'damaged'; readonly problem: string | undefined };

export interface Folder {
  readonly caKey: Found<KeyObject>;
  readonly ca: Found<X509Certificate>;
  readonly key: Found<KeyObject>;
  readonly cert: Found<X509Certificate>;
}

/** Throws UserError. */
export async function readFolder(dir: string): Promise<Folder> {
  return {
    caKey: await readOwn(path.join(dir, 'ca.key'), ownKey),
    ca: await readOwn(path.join(dir, 'ca.crt'), ownCertificate),
    key: await readOwn(path.join(dir, 'tls.key'), ownKey),
    cert: await readOwn(path.join(dir, 'tls.crt'), ownCertificate),
  };
}

/** What cannot be read as PEM is damage and gets mended; what can, and is not of our making, is the user's and stays. */
async function readOwn<T>(file: string, parse: (text: string) => T | 'damaged' | 'foreign'): Promise<Found<T>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { state: 'absent', problem: undefined };
    throw new UserError(`cannot read ${quoteValue(file)}: ${reasonOf(error)}; ${ELSEWHERE}`, { cause: error });
  }
  const value = parse(text);
  if (value === 'damaged') return { state: 'damaged', problem: `was damaged (kept as ${path.basename(file)}.damaged)` };
  if (value !== 'foreign') return { state: 'good', value, text };
  throw new UserError(
    `${quoteValue(file)} was not made by tidewaiter, so it stays as it is; move it away, ${ELSEWHERE}`,
  );
}

function ownKey(text: string): KeyObject | 'damaged' | 'foreign' {
  const key = readKey(text);
  if (key === 'encrypted') return 'foreign';
  return key === 'damaged' || key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : 'foreign';
}

function ownCertificate(text: string): X509Certificate | 'damaged' | 'foreign' {
  try {
    const certificate = new X509Certificate(text);
    return certificate.issuer === `CN=${OUR_CA}` ? certificate : 'foreign';
  } catch {
    return 'damaged';
  }
}

/** Whole or not at all. A key is never written over: when another process was faster, its key counts. Throws UserError. */
export async function storeFile(file: string, { state }: Found<unknown>, text: string): Promise<void> {
  const folder = path.dirname(file);
  const temporary = path.join(folder, `.${path.basename(file)}.${randomUUID()}`);
  try {
    await mkdir(folder, { recursive: true });
    if (state === 'damaged') await unless('ENOENT', rename(file, `${file}.damaged`));
    await publish(temporary, file, text);
  } catch (error) {
    const message = `cannot write ${quoteValue(file)}: ${reasonOf(error)}; ${ELSEWHERE}`;
    throw new UserError(message, { cause: error });
  }
}

async function publish(temporary: string, file: string, text: string): Promise<void> {
  const isKey = file.endsWith('.key');
  try {
    await writeFile(temporary, text, { mode: isKey ? 0o600 : 0o644, flag: 'wx', flush: true });
    await (isKey ? unless('EEXIST', link(temporary, file)) : rename(temporary, file));
  } finally {
    await rm(temporary, { force: true });
  }
}

async function unless(code: string, done: Promise<void>): Promise<void> {
  try {
    await done;
  } catch (error) {
    if (codeOf(error) !== code) throw error;
  }
}
