DROP TABLE kept_plan;
