// Numbers and moments of a chart, as the page's language and the chart's time zone write them.
const DAY_S = 86400;

export function wordsOf({ language, zone, unit, decimals }) {
  const locale = language === "de" ? "de-DE" : "en-GB";
  const exact = new Intl.NumberFormat(locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  const rough = new Intl.NumberFormat(locale, { maximumFractionDigits: 3 });
  const moments = (parts) => new Intl.DateTimeFormat(locale, { timeZone: zone, hourCycle: "h23", ...parts });
  const whole = moments({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
  const wholeDay = moments({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
  const clock = moments({ hour: "2-digit", minute: "2-digit" });
  const day = moments({ day: "numeric", month: "short" });
  const month = moments({ month: "short" });
  const year = moments({ year: "numeric" });
  return {
    value: (value) => (value == null ? "–" : `${exact.format(value)} ${unit}`.trim()),
    axis: (value) => rough.format(value),
    // `spacing`: seconds between two values; a value of a whole day has no time of day.
    moment: (seconds, spacing) => (spacing >= DAY_S - 3600 ? wholeDay : whole).format(seconds * 1000),
    // `step`: seconds between two ticks of the axis.
    tick(seconds, step) {
      const at = seconds * 1000;
      if (step >= 365 * DAY_S) return year.format(at);
      if (step >= 28 * DAY_S) return month.format(at);
      const time = clock.format(at);
      return step >= DAY_S || time === "00:00" ? day.format(at) : time;
    },
  };
}
