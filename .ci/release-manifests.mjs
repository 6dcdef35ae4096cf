// The texts of a release about its archives: an SBOM (CycloneDX), and manifests for Krew and Homebrew.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Lists the packages in the lock file: those that dist/ contains, and Node.js, which the archives contain, have the scope "required",
 * and those that only build and test tidewaiter "excluded". Without the time and the random number, so that the same lock file gives the same text.
 */
export function sbom({ name, description, license, devDependencies }) {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const { serialNumber: _number, ...bom } = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', maxBuffer: 1e8 }));
  const { timestamp: _time, component, ...metadata } = bom.metadata;
  const contained = new Set([...containedPackages(), `node ${devDependencies.node}`]);
  const components = bom.components.map((one) => ({
    ...one,
    scope: contained.has(`${one.name} ${one.version}`) ? 'required' : 'excluded',
  }));
  const missing = contained.size - components.filter(({ scope }) => scope === 'required').length;
  if (missing !== 0) throw new Error(`${missing} packages of dist/THIRD-PARTY.txt are not in the lock file`);
  const own = { ...component, name, description, type: 'application', licenses: [{ license: { id: license } }] };
  return `${JSON.stringify({ ...bom, metadata: { ...metadata, component: own }, components }, null, 2)}\n`;
}

/** `name version` of each. */
function containedPackages() {
  return readFileSync('dist/THIRD-PARTY.txt', 'utf8')
    .split(`\n${'-'.repeat(80)}\n\n`)
    .map((text) => text.split('\n')[0]);
}

export function krewManifest({ version, description }, archives) {
  const platforms = archives.map(
    ({ goArch, url, sha256, file }) => `    - selector:
        matchLabels:
          os: linux
          arch: ${goArch}
      uri: ${url}
      sha256: "${sha256}"
      files:
        - from: ${file.replace('.tar.gz', '')}/*
          to: .
      bin: bin/kubectl-tidewaiter
`,
  );
  return `apiVersion: krew.googlecontainertools.github.com/v1alpha2
kind: Plugin
metadata:
  name: tidewaiter
spec:
  version: v${version}
  homepage: ${archives[0].url.replace(/\/[^/]*$/, '')}
  shortDescription: Check and pin the images of workloads
  description: |
    ${description}.
    It checks manifests and Pods against image policies, explains why an image
    cannot be pulled, and pins tags to digests.
  platforms:
${platforms.join('')}`;
}

export function homebrewFormula({ version, license }, archives) {
  const sources = archives.map(
    ({ arch, url, sha256 }) => `    on_${arch === 'x64' ? 'intel' : 'arm'} do
      url "${url}"
      sha256 "${sha256}"
    end
`,
  );
  return `class Tidewaiter < Formula
  desc "Image policy for Kubernetes"
  homepage "${archives[0].url.replace(/\/[^/]*$/, '')}"
  version "${version}"
  license "${license}"

  on_linux do
${sources.join('')}  end

  depends_on :linux

  def install
    libexec.install Dir["*"]
    bin.install_symlink Dir["#{libexec}/bin/*"]
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/tidewaiter --version")
  end
end
`;
}
