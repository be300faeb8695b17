// The power at each meter in W, drawn ('in') or delivered ('out'), by quarter of an hour of Germany's local day,
// working days (0) apart from weekends (1). Only one of both a slot: who wants means divides by both counts.
// 15.7.0 names no direction and is left out, as is a power of which the device doubts the sign.
function (doc) {
  if (doc.type !== 'research_measurement') {
    return;
  }
  var marks = doc.marks || [];
  if (marks.indexOf('power_sign') >= 0 || marks.indexOf('dzg_power_unsigned') >= 0) {
    return;
  }
  var watts = {};
  doc.data.forEach(function (reading) {
    if (reading.unit === 'W') {
      watts[reading.obis] = Number(reading.value + 'e' + reading.scaler);
    }
  });
  var net = watts['0100100700ff'];  // 16.7.0, signed
  if (net === undefined) {
    if (watts['0100010700ff'] === undefined && watts['0100020700ff'] === undefined) {
      return;
    }
    net = (watts['0100010700ff'] || 0) - (watts['0100020700ff'] || 0);  // 1.7.0 (signed on some), 2.7.0
  }
  var at = Date.parse(doc.slot);
  var year = Number(doc.slot.slice(0, 4));
  function lastSunday(month) {  // of March or October at 01:00 UTC, when summer time begins and ends
    var last = new Date(Date.UTC(year, month, 31, 1));
    return last.getTime() - last.getUTCDay() * 86400000;
  }
  var summer = at >= lastSunday(2) && at < lastSunday(9);
  var local = new Date(at + (summer ? 7200000 : 3600000));
  var weekend = local.getUTCDay() % 6 === 0 ? 1 : 0;
  var quarter = local.getUTCHours() * 4 + Math.floor(local.getUTCMinutes() / 15);
  emit([doc.household, doc.meter, weekend, quarter, net < 0 ? 'out' : 'in'], Math.abs(net));
}
