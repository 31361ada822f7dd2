/** What is wrong with a placement constraint, in one line; undefined when it is good. */
export function constraintFault(text: string): string | undefined {
  const parts = /^\s*([a-z.]+(?:labels\.[A-Za-z0-9][\w./-]*)?)\s*(==|!=)\s*(\S.*)$/.exec(text);
  if (parts === null) return 'write it as in node.labels.zone==a, with == or !=';
  const key = parts[1] ?? '';
  const known =
    /^(?:node\.(?:id|hostname|ip|role|platform\.os|platform\.arch)|(?:node|engine)\.labels\..+)$/;
  return known.test(key)
    ? undefined
    : `${key} is not known: use node.id, node.hostname, node.ip, node.role, node.platform.os,` +
        ' node.platform.arch, node.labels.NAME or engine.labels.NAME';
}
