/**
 * The platforms of an image that a node can run, as containerd selects them (containerd/platforms compare.go, `Only`, and
 * database.go, normalizeArch): its own, then older variants, then the 32-bit one. Does not compare Windows versions.
 */
import type { Platform } from '../registry-fact.ts';

/** `linux/amd64`, `linux/arm/v7`. */
export function platformText({ os, architecture, variant }: Platform): string {
  return `${os}/${architecture}${variant ? `/${variant}` : ''}`;
}

/** Returns `undefined` for a text that is not a platform. */
export function parsePlatform(text: string): Platform | undefined {
  const [os = '', architecture = '', variant, ...more] = text.split('/');
  if (os === '' || architecture === '' || variant === '' || more.length > 0) return undefined;
  return { os, architecture, variant };
}

export const PLATFORM_FORM = 'OS/ARCHITECTURE[/VARIANT], for example linux/arm64';

/**
 * Parses a platform and normalizes it to the names that nodes use: `linux/x86_64` is linux/amd64. Returns `undefined` for
 * unknown names.
 */
export function parseNodePlatform(text: string): Platform | undefined {
  const parsed = /^[a-z0-9]+\/[a-z0-9_-]+(\/v?\d+(\.\d+)?)?$/.test(text) ? parsePlatform(text) : undefined;
  if (parsed === undefined) return undefined;
  const { os, architecture, variant } = normalized(parsed);
  if (!SYSTEMS.has(os) || !CPUS.has(architecture)) return undefined;
  return { os, architecture, variant: variant === '' ? undefined : variant };
}

/** containerd/platforms database.go, isKnownOS and isKnownArch, and `wasip1`. */
const SYSTEMS = new Set(
  'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasi wasip1 windows zos'.split(
    ' ',
  ),
);
const CPUS = new Set(
  '386 amd64 amd64p32 arm armbe arm64 arm64be ppc64 ppc64le loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc riscv riscv64 s390 s390x sparc sparc64 wasm'.split(
    ' ',
  ),
);

/** Compiles the platforms of an image to a test whether a node can run one of them. */
export function platformsIn(platforms: readonly Platform[]): (node: Platform) => boolean {
  const available = new Set(platforms.map((platform) => platformText(normalized(platform))));
  return (node) => accepted(normalized(node)).some((platform) => available.has(platformText(normalized(platform))));
}

const ARCHITECTURES: ReadonlyMap<string, readonly [architecture: string, variant?: string]> = new Map([
  ['i386', ['386', '']],
  ['x86_64', ['amd64']],
  ['x86-64', ['amd64']],
  ['aarch64', ['arm64']],
  ['armhf', ['arm', 'v7']],
  ['armel', ['arm', 'v6']],
]);

/** Variants that equal the default, and alternative spellings for arm. */
const VARIANTS: ReadonlyMap<string, string> = new Map([
  ['amd64/v1', ''],
  ['arm64/8', ''],
  ['arm64/v8', ''],
  ['arm/', 'v7'],
  ['arm/5', 'v5'],
  ['arm/6', 'v6'],
  ['arm/7', 'v7'],
  ['arm/8', 'v8'],
]);

function normalized(platform: Platform): Platform {
  const os = platform.os.toLowerCase();
  const written = platform.architecture.toLowerCase();
  const [architecture, implied] = ARCHITECTURES.get(written) ?? [written];
  const variant = implied ?? platform.variant?.toLowerCase() ?? '';
  return {
    os: os === 'macos' ? 'darwin' : os,
    architecture,
    variant: VARIANTS.get(`${architecture}/${variant}`) ?? variant,
  };
}

function accepted(node: Platform): readonly Platform[] {
  const { os, architecture, variant = '' } = node;
  const at = (name: string, variants: readonly string[]): readonly Platform[] =>
    variants.map((one) => ({ os, architecture: name, variant: one }));
  if (architecture === 'amd64') return [node, ...at('amd64', below(variant, 1)), ...at('386', [''])];
  if (architecture === 'arm') return [node, ...at('arm', below(variant, 5))];
  if (architecture === 'arm64')
    return [node, ...at('arm64', olderArm64(variant)), ...at('arm', ['v8', 'v7', 'v6', 'v5'])];
  return [node];
}

/** `v3` -> `v2`, `v1`. Variants have one digit. */
function below(variant: string, lowest: number): readonly string[] {
  const number = /^v(\d)$/.exec(variant)?.[1];
  const count = Math.max(0, Number(number ?? lowest) - lowest);
  return Array.from({ length: count }, (_, index) => `v${lowest + count - 1 - index}`);
}

/** v9.0 is based on v8.5, so v9.x also runs images for v8.{x+5}. */
function olderArm64(variant: string): readonly string[] {
  const known = /^v([89])(?:\.(\d))?$/.exec(variant);
  if (variant !== '' && known === null) return [];
  const [, major = '8', minor = '0'] = known ?? [];
  const minors = (of: string, to: number): readonly string[] =>
    Array.from({ length: to + 1 }, (_, index) => (index === 0 ? `v${of}` : `v${of}.${index}`));
  return major === '9'
    ? [...minors('9', Number(minor)), ...minors('8', Number(minor) + 5)]
    : minors('8', Number(minor));
}
