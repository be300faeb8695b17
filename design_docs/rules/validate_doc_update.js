// Who may write which document of a household, at the centre and on the device (design section 5).
// Everything is judged from newDoc, userCtx and secObj alone: under replication oldDoc is the nearest stored
// ancestor on the revision's own branch and can be null (design section 11, trap 1).
// It runs for every document of every replication: keep it small. `_admin` is not exempt.
function (newDoc, oldDoc, userCtx, secObj) {
  var CENTRE = ['researcher', 'worker', 'pull'];
  var SLOT = /^\d{4}-\d\d-\d\dT\d\d:(00|15|30|45):00Z$/;
  var TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
  var id = newDoc._id;
  var type = id.split(':', 1)[0];
  var consent = (secObj && secObj.consent) || {};

  function refuse(reason) {
    throw({forbidden: reason});
  }
  function has(role) {
    return userCtx.roles.indexOf(role) !== -1;
  }
  function only(roles) {
    if (!roles.some(has)) {
      refuse(type + ': your account may not write this type');
    }
  }
  function is(expected) {
    if (id !== expected) {
      refuse(type + ': the _id does not match the content');
    }
  }
  function fields(value, allowed) {
    Object.keys(value).forEach(function (key) {
      if (allowed.indexOf(key) === -1) {
        refuse(type + ': a field that this type does not have');
      }
    });
  }
  function notErased() {
    if (consent.erased) {
      refuse(type + ': this household was erased');
    }
  }
  // A device writes for itself only; scope is null where being the device is enough.
  function fromDevice(local, scope) {
    var own = has('device:' + newDoc.device) && (scope === null || has('scope:' + scope));
    if (!(own || (local !== null && has(local)))) {
      refuse(type + ': only the device itself may write this');
    }
  }
  // Once written it never changes: no second generation, whoever forged it, and no deletion.
  function once() {
    if (newDoc._revisions && newDoc._revisions.start > 1) {
      refuse(type + ': written once, never changed');
    }
  }
  function granted() {
    if (consent.state !== 'granted' || consent.erased) {
      refuse(type + ': consent is not granted');
    }
  }
  // What the centre writes may be corrected and deleted there.
  function ofCentre(expected) {
    only(CENTRE);
    notErased();
    if (newDoc._deleted) {
      fields(newDoc, ['_id', '_rev', '_revisions', '_deleted']);  // a tombstone keeps the fields it was given
    } else {
      is(expected);
    }
  }

  var rules = {
    measurement: function () {
      granted();
      fromDevice('agent', 'measurement-write');
      once();
      is('measurement:' + newDoc.meter + ':' + newDoc.slot);
      if (!SLOT.test(newDoc.slot) || !Array.isArray(newDoc.data) || newDoc.data.length === 0) {
        refuse('measurement: it needs a slot of 15 minutes and at least one reading');
      }
      newDoc.data.forEach(function (reading) {
        if (!/^[0-9a-f]{12}$/.test(reading.obis) || !Number.isInteger(reading.value) ||
            !Number.isInteger(reading.scaler)) {
          refuse('measurement: a reading is an OBIS code, an integer value and an integer scaler');
        }
      });
    },
    gap: function () {
      granted();
      fromDevice('agent', 'measurement-write');
      once();
      is('gap:' + newDoc.meter + ':' + newDoc.from_slot);
      if (!SLOT.test(newDoc.from_slot) || !SLOT.test(newDoc.to_slot) || newDoc.to_slot < newDoc.from_slot) {
        refuse('gap: it needs a first and a last slot of 15 minutes');
      }
    },
    consent: function () {
      var by = newDoc.by || {};
      var toldByLetter = newDoc.state === 'revoked' && by.role === 'researcher';
      only(toldByLetter ? ['page', 'pull', 'scope:consent', 'researcher'] : ['page', 'pull', 'scope:consent']);
      once();
      is(newDoc.state === 'granted' ? 'consent:granted' : 'consent:revoked');
      // It outlives the erasure, so it has no room for a name.
      fields(newDoc, ['_id', '_rev', '_revisions', 'type', 'state', 'at', 'by']);
      fields(by, ['role', 'device']);
      if ((newDoc.state !== 'granted' && newDoc.state !== 'revoked') || !TIME.test(newDoc.at) ||
          (by.role !== 'participant' && by.role !== 'researcher')) {
        refuse('consent: it needs a state, a time and who recorded it');
      }
    },
    report: function () {
      notErased();
      if (!has('page') && !userCtx.roles.some(function (role) { return role.indexOf('device:') === 0; })) {
        refuse('report: only the household may write this');
      }
      once();
      is('report:' + newDoc.report);
    },
    answer: function () {
      notErased();
      fromDevice('agent', null);
      once();
      is('answer:' + newDoc.order);
    },
    heartbeat: function () {
      fromDevice(null, null);
      is('heartbeat:' + newDoc.device);
    },
    erased: function () {
      if (!consent.erased) {
        refuse('erased: this household is not erased');
      }
      fromDevice(null, null);
      once();
      is('erased:' + newDoc.device);
    },
    registration: function () { ofCentre('registration'); },
    location: function () { ofCentre('location'); },
    pv_system: function () { ofCentre('pv_system:' + newDoc.pv_system); },
    meter: function () { ofCentre('meter:' + newDoc.meter); },
    device: function () { ofCentre('device:' + newDoc.device); },
    order: function () { ofCentre('order:' + newDoc.order); }
  };

  if (!Object.prototype.hasOwnProperty.call(rules, type)) {
    refuse('no document of this type belongs here');
  }
  if (newDoc._deleted) {
    if (['registration', 'location', 'pv_system', 'meter', 'device', 'order'].indexOf(type) === -1) {
      refuse(type + ': never deleted');
    }
  } else if (newDoc.type !== type) {
    refuse(type + ': the type does not match the _id');
  }
  rules[type]();
}
