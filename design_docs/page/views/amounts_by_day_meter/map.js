// What each meter told on each UTC day, by [day, meter, what, scaler]. `what` is
//   'slot': count is how many slots are stored;
//   the code of a counter, as read at full hours: min and max are counters (times 10^scaler, in Wh). They are
//     running totals, so never use sum. Full hours do: the card is small, and the rest is in the documents;
//   '+' or '-', from meters that send power alone: sum is of the powers of slots (times 10^scaler, in W).
function (doc) {
  if (doc.type !== 'measurement') {
    return;
  }
  var day = doc.slot.slice(0, 10);
  emit([day, doc.meter, 'slot', 0], 1);

  var counters = doc.data.filter(function (reading) {
    return reading.unit === 'Wh' && /^01000[12]08..ff$/.test(reading.obis);
  });
  if (counters.length) {
    if (doc.slot.slice(14, 16) === '00') {
      counters.forEach(function (reading) {
        // Tariffs count what the total counts, so they stand in where there is none.
        var total = reading.obis.slice(0, 8) + '00ff';
        if (reading.obis === total || !counters.some(function (other) { return other.obis === total; })) {
          emit([day, doc.meter, reading.obis, reading.scaler], reading.value);
        }
      });
    }
    return;
  }

  var found = {};
  doc.data.forEach(function (reading) {
    if (reading.unit === 'W') {
      found[reading.obis] = reading;
    }
  });
  // The first group of which there is one: 16.7.0, 1.7.0 - 2.7.0, 1.7.1, phases, drawn by phase, 15.7.0.
  var groups = [
    ['0100100700ff'], ['0100010700ff', '0100020700ff'], ['0100010701ff'],
    ['0100240700ff', '0100380700ff', '01004c0700ff'],
    ['0100150700ff', '0100290700ff', '01003d0700ff'], ['01000f0700ff']
  ];
  var sent = groups.map(function (codes) {
    return codes.filter(function (code) { return found[code]; });
  }).filter(function (codes) { return codes.length; })[0];
  if (sent) {
    var scaler = Math.min.apply(null, sent.map(function (code) { return found[code].scaler; }));
    var power = sent.reduce(function (sum, code) {
      var value = found[code].value * Math.pow(10, found[code].scaler - scaler);
      return code === '0100020700ff' ? sum - value : sum + value;
    }, 0);
    emit([day, doc.meter, power < 0 ? '-' : '+', scaler], Math.abs(power));
  }
}
