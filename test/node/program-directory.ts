/** Real programs and files in a temporary directory, and the credentials from them. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import type { Credential } from '../../src/registry/credential.ts';
import type { NodeCredentialList, NodeCredentials } from '../../src/node/node-credentials.ts';
import { referenceOf } from '../lookup/fake-client.ts';

export interface Folder {
  readonly path: string;
  file(name: string, text: string): string;
  /** A shell script; each run of it adds a line with its stdin to `NAME.runs`. */
  program(name: string, script: string): string;
  /** What each run was given. */
  runs(name: string): readonly string[];
}

export function folderOf(): Folder {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-credentials-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, text: string): string => {
    const full = path.join(folder, name);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, text);
    return full;
  };
  return {
    path: folder,
    file,
    program(name, script) {
      const full = file(
        name,
        `#!/bin/sh\ninput=$(cat)\necho "$input" >> '${path.join(folder, name)}.runs'\n${script}\n`,
      );
      chmodSync(full, 0o755);
      return full;
    },
    runs(name) {
      const log = path.join(folder, `${name}.runs`);
      return existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
    },
  };
}

export async function credentialsOf(node: NodeCredentials, image: string): Promise<NodeCredentialList> {
  return node.credentialsFor(referenceOf(image));
}

/** `label kind:user:secret`, and each problem after a `!`. */
export async function shownCredentials(node: NodeCredentials, image: string): Promise<readonly string[]> {
  const { credentials, problems } = await credentialsOf(node, image);
  return [...credentials.map(shownCredential), ...problems.map((problem) => `! ${problem}`)];
}

function shownCredential({ label, secret }: Credential): string {
  const value = secret.kind === 'basic' ? `${secret.username}:${secret.password()}` : secret.token();
  return `${label} = ${secret.kind} ${value}`;
}
