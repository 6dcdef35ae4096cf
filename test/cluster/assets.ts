// Locates the programs of the control plane, without starting them: in the directory that KUBEBUILDER_ASSETS names (the
// convention of controller-runtime's envtest), else the cache that build.mjs fills.
import { constants, accessSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The programs, by the name that their file has in the folder. */
export const programs = ['kube-apiserver', 'etcd', 'kube-controller-manager'] as const;

export type Program = (typeof programs)[number];

const goMod = readFileSync(join(import.meta.dirname, 'go.mod'), 'utf8');

/** The Kubernetes release that go.mod pins, without the leading "v". */
export const kubernetesVersion = pinnedVersion();

/** The folder that build.mjs fills: outside the repository, one per release and platform. */
export const cacheFolder = join(
  process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
  'tidewaiter',
  `kubernetes-${kubernetesVersion}-${goName(process.platform)}-${goName(process.arch)}`,
);

const assetsFolder = process.env.KUBEBUILDER_ASSETS || cacheFolder;

/** Plays the nodes in some tests; one file per release. */
export const kwok = `kwok-${/^\tsigs\.k8s\.io\/kwok v(\S+)$/m.exec(goMod)?.[1]}`;

export const kwokPath = join(cacheFolder, kwok);

/** Why no nodes can be played, and how to get the program; undefined when it is there. */
export const kwokMissing = isExecutable(kwokPath)
  ? undefined
  : `${cacheFolder} has no ${kwok}: run npm run test:cluster:build (needs Go >= 1.26)`;

/** Why no control plane can be started, and how to get one; undefined when all three programs are there. */
export const assetsMissing = missingIn(assetsFolder);

/** The path of one program; only true when `assetsMissing` is undefined. */
export function programPath(program: Program): string {
  return join(assetsFolder, program);
}

function missingIn(folder: string): string | undefined {
  const missing = programs.filter((program) => !isExecutable(join(folder, program)));
  return missing.length === 0
    ? undefined
    : `${folder} has no ${missing.join(', no ')}: run npm run test:cluster:build (needs Go >= 1.26), or set KUBEBUILDER_ASSETS to a folder that has them`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function pinnedVersion(): string {
  const version = /^\tk8s\.io\/kubernetes v(\S+)$/m.exec(goMod)?.[1];
  if (version === undefined)
    throw new Error('test/cluster/go.mod has no line "k8s.io/kubernetes v1.N.P" in a require block');
  return version;
}

/** Go's word for a platform or an architecture of Node, so that the folder is named as the Go tools would name it. */
function goName(name: string): string {
  return { win32: 'windows', x64: 'amd64', ia32: '386' }[name] ?? name;
}
