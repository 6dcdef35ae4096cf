/**
 * The CAs that an API server is verified with if the kubeconfig has none: those of the system, as kubectl reads them (Go,
 * crypto/x509/root_unix.go and root_linux.go), and those of NODE_EXTRA_CA_CERTS.
 */
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import type { Environment } from '../go/http-proxy.ts';
import { pemCertificates } from '../go/pem.ts';

/** The first file that can be read counts. */
const FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
/** All directories count. */
const DIRECTORIES = ['/etc/ssl/certs', '/etc/pki/tls/certs'];
/** The CAs of all vendors together take less than 1 MiB. */
const MAX_BYTES = 16 * 1024 * 1024;

/** PEM blocks; never rejects. Without certificates in the usual places, those of Node.js. */
export async function systemAuthorities(env: Environment): Promise<readonly string[]> {
  const found = await systemCertificates(env);
  const isConfigured = Boolean(env['SSL_CERT_FILE']) || Boolean(env['SSL_CERT_DIR']);
  if (found.length === 0 && !isConfigured) return getCACertificates('default');
  return [...new Set([...found, ...getCACertificates('extra')])];
}

async function systemCertificates({
  SSL_CERT_FILE: file,
  SSL_CERT_DIR: list,
}: Environment): Promise<readonly string[]> {
  if (process.platform === 'darwin' || process.platform === 'win32') return getCACertificates('system');
  const files = file ? [file] : FILES;
  const directories = list ? list.split(':') : DIRECTORIES;
  const certificates: string[] = [];
  for (const each of files) {
    const text = await textOf(each);
    if (text === undefined) continue;
    certificates.push(...pemCertificates(text));
    break;
  }
  for (const directory of directories) {
    for (const name of await namesIn(directory)) {
      certificates.push(...pemCertificates((await textOf(`${directory}/${name}`)) ?? ''));
    }
  }
  return certificates;
}

/** Without links within the directory, which are other names of its files. */
async function namesIn(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const names = entries.map(async (entry) => {
    const target = entry.isSymbolicLink() ? await readlink(`${directory}/${entry.name}`).catch(() => '/') : '/';
    return target.includes('/') ? [entry.name] : [];
  });
  return (await Promise.all(names)).flat();
}

/** Returns undefined if the file cannot be read. A pipe would block, and a device has no end. */
async function textOf(file: string): Promise<string | undefined> {
  try {
    const stats = await stat(file);
    return stats.isFile() && stats.size <= MAX_BYTES ? await readFile(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
