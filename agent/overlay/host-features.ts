/** Settings of the whole host that the overlay needs, as lines for `sh`. Each may be run again. */
export const hostFeatures: Readonly<Record<string, string>> = {
  /**
   * Packets of callers from elsewhere come in by a bridge: the check of the way back must be off there,
   * and the kernel takes the stricter of the host's and the device's. What the host's setting did for
   * the other devices they get as their own.
   */
  sources: `if [ "$(cat /proc/sys/net/ipv4/conf/all/rp_filter)" != 0 ]; then
for own in /proc/sys/net/ipv4/conf/*/rp_filter; do
case $own in */tsb*) ;; */all/*) ;; *) [ "$(cat $own)" != 0 ] || cat /proc/sys/net/ipv4/conf/all/rp_filter >$own;; esac
done
echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
fi`,
  /**
   * A host that forwards IPv6 no longer listens to its routers, unless told to (accept_ra 2): those
   * devices that listened go on to.
   */
  ipv6: `if [ "$(cat /proc/sys/net/ipv6/conf/all/forwarding)" = 0 ]; then
for own in /proc/sys/net/ipv6/conf/*/accept_ra; do
[ "$(cat $own)" != 1 ] || echo 2 >$own
done
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
fi`,
};
