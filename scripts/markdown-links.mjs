import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { readLines } from './markdown.mjs';
import { root } from './workspace.mjs';

/** The relative links of a document: how many there are, and which lead nowhere. Headings count as targets. */
export function linkProblems(file, lines) {
  const problems = [];
  let count = 0;
  for (const { text, number, fence } of lines) {
    if (fence !== undefined) continue;
    for (const target of targets(text)) {
      count += 1;
      if (!resolves(file, target)) problems.push(`${file}:${number}: the link ${target} leads nowhere`);
    }
  }
  return { count, problems };
}

/** Inline links and images, reference definitions, and HTML's href and src, without those that have a scheme. */
function targets(text) {
  const prose = text.replace(/(`+)(?!`).*?(?<!`)\1(?!`)/g, '');
  const patterns = [
    /\]\(\s*<?([^)\s>]+)>?(?:\s+["'(][^)]*)?\)/g,
    /^\s*\[[^\]]+\]:\s+<?(\S+?)>?(?:\s|$)/g,
    /\b(?:href|src)="([^"]+)"/g,
  ];
  return patterns
    .flatMap((pattern) => [...prose.matchAll(pattern)])
    .map(([, target]) => target)
    .filter((target) => !/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(target));
}

function resolves(file, target) {
  const [path, anchor] = target.split('#', 2);
  const targetPath = path === '' ? join(root, file) : join(root, file, '..', decodeURIComponent(path));
  // A link out of the repository works on one machine only.
  if (relative(root, targetPath).startsWith('..') || !existsSync(targetPath)) return false;
  if (anchor === undefined || !targetPath.endsWith('.md')) return true;
  return anchors(relative(root, targetPath)).includes(anchor);
}

/** The anchors that GitHub gives to headings: lower case, no punctuation, hyphens for spaces, -1 for a second one. */
function anchors(file) {
  const seen = new Map();
  return readLines(file).flatMap(({ text, fence }) => {
    const heading = fence === undefined ? /^#{1,6}\s+(.*?)\s*#*$/.exec(text)?.[1] : undefined;
    if (heading === undefined) return [...text.matchAll(/\b(?:id|name)="([^"]+)"/g)].map(([, id]) => id);
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return [times === 0 ? slug : `${slug}-${times}`];
  });
}
