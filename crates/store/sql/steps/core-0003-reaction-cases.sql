-- An event may open a case of one procedure for each of its subjects: what it says of them differs.

drop index core.cases_origin_event_system_procedure_idx;
create unique index cases_origin on core.cases (origin_event, system, procedure, (subjects[1]))
    where origin_event is not null;
