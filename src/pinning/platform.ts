/** `linux/amd64`, `linux/arm64/v8`: what a user asks an image for. */
import type { Platform } from '../policy/registry-fact.ts';

/** Undefined for a text that is none. */
export function parsePlatform(text: string): Platform | undefined {
  const [, os, architecture, variant] = /^([a-z0-9]+)\/([a-z0-9_]+)(?:\/([a-z0-9.]+))?$/.exec(text) ?? [];
  return os === undefined || architecture === undefined ? undefined : { os, architecture, variant };
}

export function platformText({ os, architecture, variant }: Platform): string {
  return `${os}/${architecture}${variant === undefined ? '' : `/${variant}`}`;
}

/** What an image that names no variant is: containerd platforms/database.go. */
const USUAL: Readonly<Record<string, string>> = { arm64: 'v8', arm: 'v7' };

/** Asked for without a variant, any is right. */
export function hasPlatform(platforms: readonly Platform[], wanted: Platform): boolean {
  return platforms.some(({ os, architecture, variant = USUAL[architecture] }) => {
    return (
      os === wanted.os &&
      architecture === wanted.architecture &&
      (wanted.variant === undefined || wanted.variant === variant)
    );
  });
}
