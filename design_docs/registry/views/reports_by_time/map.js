// Reported mistakes, those still to be dealt with apart from the others, by the time of their report; reduced
// with group_level 1: how many of each.
function (doc) {
  if (doc.type === 'reported') {
    emit([doc.done_at ? 'done' : 'open', doc.at], null);
  }
}
